//go:build tools

// Package tools names what is built here, so that go.mod and go.sum pin everything that it is built from.
package tools

import _ "istio.io/istio/pilot/cmd/pilot-discovery"
