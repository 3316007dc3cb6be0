#!/bin/sh
# Removes all that install.sh has made, volumes and namespace too. The certificates in istio-system (cacerts) stay: the mesh needs them.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
kubectl delete -f "$here/manifest.yaml" --ignore-not-found "$@"
kubectl delete persistentvolumeclaim --namespace @NAMESPACE@ --selector app.kubernetes.io/name=@CONTROLLER@ --ignore-not-found "$@"
