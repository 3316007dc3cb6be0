{{- define "controller.selector" -}}
app.kubernetes.io/name: panoptes-controller
{{- end -}}

{{- define "controller.labels" -}}
{{ include "controller.selector" . }}
app.kubernetes.io/part-of: panoptes
{{- end -}}

{{- define "controller.image" -}}
{{- with .Values.image.registry }}{{ . }}/{{ end }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion -}}
{{- end -}}

{{- define "controller.secret" -}}
{{- .Values.existingSecret | default "panoptes-controller-token" -}}
{{- end -}}
