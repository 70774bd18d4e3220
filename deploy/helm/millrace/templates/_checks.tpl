{{/* What the schema cannot say. Each message tells what to set. */}}
{{- define "millrace.checks" -}}
{{- $values := .Values -}}
{{- $wiring := include "millrace.wiring" . | fromYaml -}}
{{- $enabled := include "millrace.enabled" . | fromYamlArray -}}
{{- if not $enabled }}{{ fail "services: all are disabled; enable one" }}{{ end -}}
{{- range $name := $enabled -}}
{{- if or (has $name (list "hooks" "test" "topics")) (hasPrefix "migrate_" $name) -}}
{{- fail (printf "services.%s has a name that the chart's own jobs have; give the service another" $name) -}}
{{- end -}}
{{- $s := include "millrace.values" (dict "root" $ "part" $name) | fromYaml -}}
{{- $least := add (int $s.preStopSeconds) (int $s.drainSeconds) -}}
{{- if le (int $s.terminationGracePeriodSeconds) (int $least) -}}
{{- fail (printf "services.%s.terminationGracePeriodSeconds is %d, but preStopSeconds (%d) and drainSeconds (%d) take %d: pods would be killed while they drain; make it at least %d" $name (int $s.terminationGracePeriodSeconds) (int $s.preStopSeconds) (int $s.drainSeconds) (int $least) (int (add $least 5))) -}}
{{- end -}}
{{- if and (include "millrace.ours" $name) (or $s.needs $s.groups) -}}
{{- fail (printf "services.%s: what it needs and which groups it has, the chart knows; leave needs and groups out" $name) -}}
{{- end -}}
{{- range (index $wiring $name).needs -}}
{{- if not (has . $enabled) -}}
{{- fail (printf "services.%s needs services.%s, which is disabled; enable it, or disable %s" $name . $name) -}}
{{- end -}}
{{- end -}}
{{- with $s.autoscaling -}}
{{- if .enabled -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- fail (printf "services.%s.autoscaling.minReplicas is %d, above maxReplicas, %d" $name (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- if not (or .cpu.enabled .lag.enabled) -}}
{{- fail (printf "services.%s.autoscaling has nothing to go by; enable cpu or lag" $name) -}}
{{- end -}}
{{- if and .cpu.enabled (not (dig "requests" "cpu" "" $s.resources)) -}}
{{- fail (printf "services.%s.autoscaling goes by CPU, which is measured against resources.requests.cpu; set that" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not $s.serviceAccount.create) (not $s.serviceAccount.name) -}}
{{- fail (printf "services.%s.serviceAccount.create is false; give the name of the one to use" $name) -}}
{{- end -}}
{{- end -}}
{{- range $place, $override := dict "kafka" dict "hooks.topics.kafka" $values.hooks.topics.kafka -}}
{{- $kafka := include "millrace.kafka" (dict "root" $ "override" $override) | fromYaml -}}
{{- if and (hasPrefix "sasl" $kafka.security) (not $kafka.sasl.existingSecret) -}}
{{- fail (printf "%s.security is %s; name the secret with user and password in %s.sasl.existingSecret" $place $kafka.security $place) -}}
{{- end -}}
{{- if and (not (hasSuffix "ssl" $kafka.security)) (or $kafka.tls.caSecret $kafka.tls.certSecret) -}}
{{- fail (printf "%s.tls is set, but %s.security is %s; make it ssl or sasl_ssl" $place $place $kafka.security) -}}
{{- end -}}
{{- if and $kafka.tls.keyPasswordKey (not $kafka.tls.certSecret) -}}
{{- fail (printf "%s.tls.keyPasswordKey is set without %s.tls.certSecret, whose key it is" $place $place) -}}
{{- end -}}
{{- end -}}
{{- if and $values.identity.access (not $values.identity.enabled) -}}
{{- fail "identity.access needs identity.enabled: without tokens nobody is known, and nobody may call" -}}
{{- end -}}
{{- if $values.identity.certificates.enabled -}}
{{- if not $values.identity.enabled -}}
{{- fail "identity.certificates.enabled needs identity.enabled: who calls for somebody shows their token" -}}
{{- end -}}
{{- if or (not $values.tls.grpc.enabled) (eq $values.tls.grpc.clientCertificates "none") -}}
{{- fail "identity.certificates.enabled needs tls.grpc.enabled, and tls.grpc.clientCertificates to be optional or required: services show their certificates there" -}}
{{- end -}}
{{- end -}}
{{- with $values.tls -}}
{{- range $face := list "grpc" "http" -}}
{{- $tls := get $values.tls $face -}}
{{- if and (ne $tls.clientCertificates "none") (not $tls.enabled) -}}
{{- fail (printf "tls.%s.clientCertificates is %s, but tls.%s.enabled is false: without TLS nobody shows a certificate" $face $tls.clientCertificates $face) -}}
{{- end -}}
{{- end -}}
{{- if and .http.enabled (not .grpc.enabled) $values.identity.enabled -}}
{{- fail "tls.http.enabled needs tls.grpc.enabled where identity.enabled is: services fetch keys by HTTPS from whom they trust when they call" -}}
{{- end -}}
{{- $probes := ternary "https" "http" .http.enabled -}}
{{- if and .grpc.enabled (eq $values.probes.protocol "grpc") -}}
{{- fail (printf "tls.grpc.enabled makes gRPC TLS, which Kubernetes' gRPC probes do not speak; set probes.protocol to %s" $probes) -}}
{{- end -}}
{{- if and (ne $values.probes.protocol "grpc") (ne $values.probes.protocol $probes) -}}
{{- fail (printf "probes.protocol is %s, but tls.http.enabled is %t; set probes.protocol to %s" $values.probes.protocol .http.enabled $probes) -}}
{{- end -}}
{{- if eq .http.clientCertificates "required" -}}
{{- if ne $values.probes.protocol "grpc" -}}
{{- fail "tls.http.clientCertificates is required, but Kubernetes' probes show none; make it optional" -}}
{{- end -}}
{{- if $values.serviceMonitor.enabled -}}
{{- fail "tls.http.clientCertificates is required, but Prometheus shows none; make it optional" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (hasPrefix "verify" $values.postgresql.sslMode) (not $values.postgresql.caSecret) (not $values.postgresql.options.sslrootcert) -}}
{{- fail (printf "postgresql.sslMode is %s; name the secret with the authority in postgresql.caSecret" $values.postgresql.sslMode) -}}
{{- end -}}
{{- end -}}
