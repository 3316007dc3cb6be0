{{- define "panoptes.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "panoptes.selector" -}}
app.kubernetes.io/name: panoptes
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "panoptes.labels" -}}
{{ include "panoptes.selector" . }}
app.kubernetes.io/component: server
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "panoptes.scheme" -}}
{{- if .Values.tls.secretName }}HTTPS{{ else }}HTTP{{ end -}}
{{- end -}}
