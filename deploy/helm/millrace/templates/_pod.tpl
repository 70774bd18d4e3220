{{/* What every pod has. */}}

{{- define "millrace.podSecurity" -}}
enableServiceLinks: false
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ int .Values.podSecurity.runAsUser }}
  runAsGroup: {{ int .Values.podSecurity.runAsGroup }}
  fsGroup: {{ int .Values.podSecurity.fsGroup }}
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ quote . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.containerSecurity" -}}
image: {{ include "millrace.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* How a process is asked .of: "alive", that its loop answers, or "ready", that
     it has all it needs and wants work. */}}
{{- define "millrace.probe" -}}
{{- $protocol := .root.Values.probes.protocol -}}
{{- if ne $protocol "grpc" -}}
httpGet: {port: http, path: {{ eq .of "alive" | ternary "/healthz" "/readyz" }}, scheme: {{ upper $protocol }}}
{{- else if eq .of "alive" -}}
grpc: {port: 9090, service: alive}
{{- else -}}
grpc: {port: 9090}
{{- end -}}
{{- end -}}

{{/* Of a list of "millrace.secrets". */}}
{{- define "millrace.secretEnv" -}}
{{- range $secret := . }}
{{- range $variable, $file := $secret.variables }}
- name: {{ $variable }}
  value: /run/secrets/millrace/{{ $secret.name }}/{{ $file }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "millrace.secretMounts" -}}
{{- range . }}
- name: {{ .name }}
  mountPath: /run/secrets/millrace/{{ .name }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "millrace.secretVolumes" -}}
{{- range . }}
- name: {{ .name }}
  secret:
    secretName: {{ quote .secret }}
    defaultMode: 0440
    items:
    {{- range $path, $key := .files }}
      - {key: {{ $key | quote }}, path: {{ $path | quote }}}
    {{- end }}
{{- end }}
{{- end -}}

{{/* A process's configuration file and its data directory. */}}
{{- define "millrace.fileMounts" -}}
- name: config
  mountPath: /etc/millrace
  readOnly: true
- name: data
  mountPath: /var/lib/millrace
{{- end -}}

{{- define "millrace.fileVolumes" -}}
- name: config
  configMap: {name: {{ . }}}
- name: data
  emptyDir: {sizeLimit: 64Mi}
{{- end -}}
