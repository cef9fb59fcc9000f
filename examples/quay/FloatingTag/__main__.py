import pulumi_quay as quay

tested = quay.get_tag_output(repository="acme/website", tag="2.0.0")
quay.FloatingTag(
    "stable",
    repository="acme/website",
    tag="stable",
    digest=tested.digest,
)
