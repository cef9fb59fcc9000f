import pulumi_quay as quay

releases = quay.Repository("releases", namespace="acme", name="releases")
# Nobody can move or remove the tag of a version, such as 1.4.0.
quay.TagImmutabilityPolicy(
    "versions",
    repository=releases.full_name,
    tag_pattern="[0-9]+[.][0-9]+[.][0-9]+",
)
