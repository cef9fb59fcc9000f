import pulumi
import pulumi_quay as quay

config = pulumi.Config()
hub = quay.Organization("hub", name="acme-hub")
# `docker pull quay.io/acme-hub/library/python` pulls from Docker Hub, and keeps the image.
quay.ProxyCache(
    "hub",
    organization=hub.name,
    upstream_registry="docker.io",
    username=config.require("hubUsername"),
    password=config.require_secret("hubToken"),
)
