#!/usr/bin/env bash
set -euo pipefail
docker logout "$REGISTRY"
