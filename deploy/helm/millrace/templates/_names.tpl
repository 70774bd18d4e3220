{{/* Names and labels. Those that are given a part take
     (dict "root" $ "part" NAME), NAME being a service's or "hooks". */}}

{{- define "millrace.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "millrace.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "millrace.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "millrace.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "millrace.part" -}}
{{- printf "%s-%s" (include "millrace.fullname" .root) (.part | replace "_" "-") -}}
{{- end -}}

{{- define "millrace.selector" -}}
app.kubernetes.io/name: {{ include "millrace.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "millrace.labels" -}}
{{ include "millrace.selector" . }}
app.kubernetes.io/part-of: millrace
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "millrace.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* A service's values upon the defaults, as YAML. */}}
{{- define "millrace.values" -}}
{{- mergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (index .root.Values.services .part)) | toYaml -}}
{{- end -}}

{{/* The services that run, as a YAML list. */}}
{{- define "millrace.enabled" -}}
{{- range $name := keys .Values.services | sortAlpha }}
{{- if (include "millrace.values" (dict "root" $ "part" $name) | fromYaml).enabled }}
- {{ $name }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The same, once the values have been found to go together: what templates
     begin with. */}}
{{- define "millrace.services" -}}
{{- include "millrace.checks" . -}}
{{- include "millrace.enabled" . -}}
{{- end -}}

{{/* Whom a service calls, and which of its consumer groups lag: what the
     modules of services/ say. tests/deploy/helm/wiring.py holds them to it. Of
     other services the values say it. */}}
{{- define "millrace.wiring" -}}
users:
  needs: []
  groups: [users.permissions]
admin:
  needs: [users]
  groups: [admin.access, admin.audit]
templates:
  needs: [users]
  groups: [templates.welcome]
{{- range $name, $values := .Values.services }}
{{- if not (include "millrace.ours" $name) }}
{{ $name }}:
  needs: {{ toJson (default list $values.needs) }}
  groups: {{ toJson (default list $values.groups) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Whether the platform's own programs know the service: the empty text when
     they do not. */}}
{{- define "millrace.ours" -}}
{{- if has . (list "users" "admin" "templates") }}yes{{ end -}}
{{- end -}}

{{- define "millrace.serviceAccount" -}}
{{- $account := (include "millrace.values" . | fromYaml).serviceAccount -}}
{{- $account.name | default (include "millrace.part" .) -}}
{{- end -}}
