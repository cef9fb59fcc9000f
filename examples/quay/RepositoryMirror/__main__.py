import pulumi_quay as quay

python = quay.Repository(
    "python",
    namespace="acme",
    name="python",
    state="MIRROR",
)
copier = quay.Robot("copier", namespace="acme", name="copier")
quay.RepositoryMirror(
    "python",
    repository=python.full_name,
    external_reference="docker.io/library/python",
    tags=["3.13-slim", "3.14-*"],
    robot=copier.username,
    sync_interval_seconds=43200,  # twice a day
)
