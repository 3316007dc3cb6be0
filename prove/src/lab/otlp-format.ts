/** Attributes of OTLP access log records, as the documentation for Istio's `envoyOtelAls` gives them. */
export const otlpAttributes: { http: Record<string, string>; tcp: Record<string, string> } = { http: {}, tcp: {} }
