{{/* Rules of network policies. */}}

{{/* Where names, brokers, databases and the collector are: .uses says which of
     kafka and database, .collector is the URL of the latter, or empty. */}}
{{- define "millrace.egress" -}}
{{- $policy := .root.Values.networkPolicy -}}
- to:
    {{- toYaml $policy.dns | nindent 4 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- if has "kafka" .uses }}
- ports:
    {{- $ports := list }}
    {{- range .kafka.brokers }}{{ $ports = append $ports (regexFind "[0-9]+$" .) }}{{ end }}
    {{- range uniq $ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with $policy.kafka }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- if has "database" .uses }}
- ports:
    - {protocol: TCP, port: {{ int .root.Values.postgresql.port }}}
  {{- with $policy.postgresql }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with .collector }}
- ports:
    - {protocol: TCP, port: {{ regexFind "[0-9]+$" (regexFind "^https?://[^/]*" .) | default (ternary "443" "80" (hasPrefix "https:" .)) }}}
  {{- with $policy.collector }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $policy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Annotations of a resource that is there while a release is prepared. */}}
{{- define "millrace.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ . | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
