import pulumi_quay as quay

actions = quay.Robot("actions", namespace="acme", name="actions")
# Jobs of this branch on GitHub log in as the robot, without a password.
quay.RobotFederation(
    "actions",
    robot=actions.username,
    claims=[
        {
            "issuer": "https://token.actions.githubusercontent.com",
            "subject": "repo:acme/shop:ref:refs/heads/main",
        },
    ],
)
