#!/bin/sh
# Installs or upgrades the controller of the cluster "@CLUSTER@". Needs kubectl and the rights of a cluster administrator.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
namespace=@NAMESPACE@
controller=@CONTROLLER@
certificates=
timeout=5m

usage() {
  cat <<'TEXT'
Usage: sh install.sh [-c DIR] [-t TIMEOUT] [-- KUBECTL OPTIONS]

  -c DIR       shared certificates of a mesh that spans clusters: made where DIR is empty, used as they are where it is
               complete, and put into istio-system as the Secret cacerts. Needs `panoptes` on the PATH.
  -t TIMEOUT   how long the controller may take to come up (5m); after that the version before comes back
TEXT
}

while getopts c:t:h option; do
  case $option in
    c) certificates=$OPTARG ;;
    t) timeout=$OPTARG ;;
    h) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
shift $((OPTIND - 1))

kube() { kubectl "$@"; }
command -v kubectl >/dev/null || { echo "kubectl is not on the PATH." >&2; exit 2; }

if [ -n "$certificates" ]; then
  command -v panoptes >/dev/null || { echo "panoptes is not on the PATH: it makes and checks the certificates in $certificates." >&2; exit 2; }
  panoptes certs -c "$certificates" --cluster @CLUSTER@
  folder=$certificates/@CLUSTER@
  kube create namespace istio-system "$@" --dry-run=client -o yaml | kube apply --server-side -f - "$@"
  kube create secret generic cacerts --namespace istio-system "$@" --dry-run=client -o yaml \
    --from-file="$folder/ca-cert.pem" --from-file="$folder/ca-key.pem" --from-file="$folder/root-cert.pem" --from-file="$folder/cert-chain.pem" |
    kube apply --server-side --force-conflicts -f - "$@"
fi

before=$(kube get statefulset "$controller" --namespace "$namespace" "$@" --ignore-not-found -o 'jsonpath={.status.updateRevision}')
kube apply --server-side --force-conflicts -f "$here/manifest.yaml" "$@"
if kube rollout status "statefulset/$controller" --namespace "$namespace" --timeout "$timeout" "$@"; then
  echo "The controller @VERSION@ runs in @CLUSTER@."
  exit 0
fi
if [ -z "$before" ]; then
  echo "The controller did not come up. Look at: kubectl describe pod --namespace $namespace" >&2
  exit 1
fi
echo "The controller @VERSION@ did not come up: the version before comes back." >&2
kube rollout undo "statefulset/$controller" --namespace "$namespace" "$@"
kube rollout status "statefulset/$controller" --namespace "$namespace" --timeout "$timeout" "$@"
exit 1
