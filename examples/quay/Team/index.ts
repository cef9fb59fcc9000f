import * as quay from "pulumi-quay";

new quay.Team("developers", {
    organization: "acme",
    name: "developers",
    role: "creator", // its members may create repositories
    description: "Everyone who writes services.",
});
