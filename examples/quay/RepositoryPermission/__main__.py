import pulumi_quay as quay

api = quay.Repository("api", namespace="acme", name="api")
deployer = quay.Robot("deployer", namespace="acme", name="deployer")
quay.RepositoryPermission(
    "deployer-pulls",
    repository=api.full_name,
    robot=deployer.username,
    role="read",
)
