import * as quay from "pulumi-quay";

const actions = new quay.Robot("actions", { namespace: "acme", name: "actions" });
// Jobs of this branch on GitHub log in as the robot, without a password.
new quay.RobotFederation("actions", {
    robot: actions.username,
    claims: [
        {
            issuer: "https://token.actions.githubusercontent.com",
            subject: "repo:acme/shop:ref:refs/heads/main",
        },
    ],
});
