@echo off
set NODE_USE_ENV_PROXY=1
set NODE_USE_SYSTEM_CA=1
node --max-semi-space-size=2 "%~dp0pulumi-resource-quay" %*
