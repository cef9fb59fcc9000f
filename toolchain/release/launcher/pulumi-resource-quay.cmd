@echo off
"%~dp0node.exe" --use-env-proxy --use-system-ca --max-semi-space-size=2 "%~dp0provider\main.mjs" %*
