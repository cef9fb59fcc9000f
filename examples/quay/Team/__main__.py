import pulumi_quay as quay

quay.Team(
    "developers",
    organization="acme",
    name="developers",
    role="creator",  # its members may create repositories
    description="Everyone who writes services.",
)
