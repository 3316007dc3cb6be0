//go:build tools

// What kube-clients builds: helm as it is, and kubectl from its library (kubectl/main.go).
package tools

import _ "helm.sh/helm/v4/cmd/helm"
