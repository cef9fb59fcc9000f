import * as quay from "pulumi-quay";

const operators = new quay.Team("operators", { organization: "acme", name: "operators" });
// Operators can pull from every repository that is created from now on.
new quay.DefaultPermission("operators-pull", {
    organization: "acme",
    team: operators.name,
    role: "read",
});
