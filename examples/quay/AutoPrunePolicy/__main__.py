import pulumi_quay as quay

builds = quay.Repository("builds", namespace="acme", name="builds")
# Images of pull requests are removed after 30 days.
quay.AutoPrunePolicy(
    "old-builds",
    repository=builds.full_name,
    method="creation_date",
    value="30d",
    tag_pattern="^pr-",
)
