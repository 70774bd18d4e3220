{{/* Configuration files, and the secrets that they or the environment name.
     See libs/runtime/config.proto. */}}

{{/* The URL of a service's database, without the password. */}}
{{- define "millrace.databaseUrl" -}}
{{- $pg := .root.Values.postgresql -}}
{{- $database := (index .root.Values.services .part).database -}}
{{- $options := dict "sslmode" ($pg.sslMode | default (ternary "verify-full" "require" (ne $pg.caSecret ""))) -}}
{{- if $pg.caSecret -}}
{{- $_ := set $options "sslrootcert" (printf "/run/secrets/millrace/postgresql-ca/%s" $pg.caKey) -}}
{{- end -}}
{{- $all := mergeOverwrite $options $pg.options -}}
{{- $query := list -}}
{{- range $key := keys $all | sortAlpha -}}
{{- $query = append $query (printf "%s=%s" $key (get $all $key | toString | urlquery | replace "+" "%20")) -}}
{{- end -}}
postgresql://{{ $database.user }}@{{ $pg.host }}:{{ int $pg.port }}/{{ $database.name }}?{{ join "&" $query }}
{{- end -}}

{{/* Kafka's values for one user of them, .override upon `kafka`, as YAML. */}}
{{- define "millrace.kafka" -}}
{{- mergeOverwrite (deepCopy .root.Values.kafka) (deepCopy (default dict .override)) | toYaml -}}
{{- end -}}

{{/* The `bus` of a configuration, from Kafka's values. */}}
{{- define "millrace.bus" -}}
transport: kafka
kafka:
  brokers: {{ toJson .brokers }}
  replication_factor: {{ int .replicationFactor }}
  session_timeout: {{ .sessionTimeout }}
  security: {{ .security }}
  {{- if hasPrefix "sasl" .security }}
  sasl_mechanism: {{ .sasl.mechanism }}
  {{- end }}
  {{- if .tls.caSecret }}
  ca_file: /run/secrets/millrace/kafka-ca/{{ .tls.caKey }}
  {{- end }}
  {{- if .tls.certSecret }}
  certificate_file: /run/secrets/millrace/kafka-cert/tls.crt
  key_file: /run/secrets/millrace/kafka-cert/tls.key
  {{- end }}
{{- end -}}

{{/* What the processes of a service are told. */}}
{{- define "millrace.config" -}}
{{- $root := .root -}}
{{- $name := .part -}}
{{- $values := include "millrace.values" . | fromYaml -}}
{{- $wiring := index (include "millrace.wiring" $root | fromYaml) $name -}}
{{- $free := mergeOverwrite (deepCopy $root.Values.config) (deepCopy $values.config) -}}
{{- $ours := dict
  "services" (list $name)
  "data_dir" "/var/lib/millrace"
  "drain_timeout" (printf "%ds" (int $values.drainSeconds))
  "http" (dict "host" "0.0.0.0" "port" 8080)
  "grpc" (dict "host" "0.0.0.0" "port" 9090)
  "databases" (dict $name (dict
    "url" (include "millrace.databaseUrl" .) "pool_size" (int $values.poolSize)))
  "bus" (include "millrace.kafka" (dict "root" $root) | fromYaml | include "millrace.bus" | fromYaml) -}}
{{- if not (include "millrace.ours" $name) -}}
{{- $_ := set $ours.bus "create_topics" true -}}
{{- end -}}
{{- $remote := dict -}}
{{- range $wiring.needs -}}
{{- $_ := set $remote . (printf "%s:9090" (include "millrace.part" (dict "root" $root "part" .))) -}}
{{- end -}}
{{- if $remote }}{{ $_ := set $ours "remote" $remote }}{{ end -}}
{{- if $root.Values.identity.enabled -}}
{{- $users := include "millrace.part" (dict "root" $root "part" "users") -}}
{{- $scheme := ternary "https" "http" $root.Values.tls.http.enabled -}}
{{- $jwks := eq $name "users" | ternary "local" (printf "%s://%s:8080/.well-known/jwks.json" $scheme $users) -}}
{{- $_ := set $ours "identity" (dict "jwks" $jwks "access" $root.Values.identity.access) -}}
{{- end -}}
{{- $tls := $root.Values.tls -}}
{{- $files := include "millrace.tlsFiles" $root | fromYaml -}}
{{- range $face := list "grpc" "http" -}}
{{- with get $tls $face -}}
{{- if .enabled -}}
{{- $_ := set (get $ours $face) "tls" (merge (dict "client_certificates" .clientCertificates) $files) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $tls.grpc.enabled }}{{ $_ := set $ours "remote_tls" $files }}{{ end -}}
{{- if $root.Values.identity.certificates.enabled -}}
{{- $_ := set $ours.identity "certificates" true -}}
{{- $_ := set $ours.identity "certificate_permissions" $root.Values.identity.certificates.permissions -}}
{{- end -}}
{{- mergeOverwrite $free $ours | toYaml -}}
{{- end -}}

{{/* The files of a pod's certificate and of whom it trusts, as YAML. */}}
{{- define "millrace.tlsFiles" -}}
ca_file: {{ include "millrace.tlsAuthority" . }}
certificate_file: /run/secrets/millrace/certificate/tls.crt
key_file: /run/secrets/millrace/certificate/tls.key
{{- end -}}

{{- define "millrace.tlsAuthority" -}}
{{- if .Values.tls.caSecret -}}
/run/secrets/millrace/authority/{{ .Values.tls.caKey }}
{{- else -}}
/run/secrets/millrace/certificate/ca.crt
{{- end -}}
{{- end -}}

{{/* Whether a face is TLS: the empty text when none is. */}}
{{- define "millrace.usesTls" -}}
{{- if or .Values.tls.grpc.enabled .Values.tls.http.enabled }}yes{{ end -}}
{{- end -}}

{{/* The secret with a service's certificate. */}}
{{- define "millrace.tlsSecret" -}}
{{- $tls := (include "millrace.values" . | fromYaml).tls -}}
{{- $tls.existingSecret | default (printf "%s-tls" (include "millrace.part" .)) -}}
{{- end -}}

{{/* A list of secrets: the volume, the secret, its keys as files, and the
     variables that name the files. .uses is a list of what is used: database,
     kafka, identity, certificate; .kafka are Kafka's values. */}}
{{- define "millrace.secrets" -}}
{{- $values := .root.Values -}}
{{- if has "database" .uses }}
{{- $database := (index $values.services .part).database }}
- name: database
  secret: {{ $database.existingSecret | default (printf "%s-database" (include "millrace.part" .)) | quote }}
  files: {password: {{ $database.passwordKey | default "password" | quote }}}
  variables: {MILLRACE_DATABASES_{{ upper .part }}_PASSWORD_FILE: password}
{{- if $values.postgresql.caSecret }}
- name: postgresql-ca
  secret: {{ $values.postgresql.caSecret | quote }}
  files: { {{ $values.postgresql.caKey | quote }}: {{ $values.postgresql.caKey | quote }} }
{{- end }}
{{- end }}
{{- if has "kafka" .uses }}
{{- if hasPrefix "sasl" .kafka.security }}
- name: kafka-sasl
  secret: {{ .kafka.sasl.existingSecret | quote }}
  files: {username: {{ .kafka.sasl.usernameKey | quote }}, password: {{ .kafka.sasl.passwordKey | quote }}}
  variables:
    MILLRACE_BUS_KAFKA_SASL_PASSWORD_FILE: password
    MILLRACE_BUS_KAFKA_SASL_USERNAME_FILE: username
{{- end }}
{{- if .kafka.tls.caSecret }}
- name: kafka-ca
  secret: {{ .kafka.tls.caSecret | quote }}
  files: { {{ .kafka.tls.caKey | quote }}: {{ .kafka.tls.caKey | quote }} }
{{- end }}
{{- if .kafka.tls.certSecret }}
- name: kafka-cert
  secret: {{ .kafka.tls.certSecret | quote }}
  files:
    tls.crt: tls.crt
    tls.key: tls.key
    {{- with .kafka.tls.keyPasswordKey }}
    key-password: {{ quote . }}
    {{- end }}
  {{- if .kafka.tls.keyPasswordKey }}
  variables: {MILLRACE_BUS_KAFKA_KEY_PASSWORD_FILE: key-password}
  {{- end }}
{{- end }}
{{- end }}
{{- if and (has "certificate" .uses) (include "millrace.usesTls" .root) }}
- name: certificate
  secret: {{ include "millrace.tlsSecret" . | quote }}
  files:
    {{- if not $values.tls.caSecret }}
    ca.crt: ca.crt
    {{- end }}
    tls.crt: tls.crt
    tls.key: tls.key
{{- if $values.tls.caSecret }}
- name: authority
  secret: {{ $values.tls.caSecret | quote }}
  files: { {{ $values.tls.caKey | quote }}: {{ $values.tls.caKey | quote }} }
{{- end }}
{{- end }}
{{- if and (has "identity" .uses) $values.identity.enabled $values.identity.existingSecret }}
- name: identity
  secret: {{ $values.identity.existingSecret | quote }}
  files: {key-secret: {{ $values.identity.secretKey | quote }}}
  variables: {MILLRACE_IDENTITY_KEY_SECRET_FILE: key-secret}
{{- end }}
{{- end -}}
