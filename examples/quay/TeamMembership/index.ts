import * as quay from "pulumi-quay";

const reviewers = new quay.Team("reviewers", { organization: "acme", name: "reviewers" });
new quay.TeamMembership("bob-reviews", {
    organization: "acme",
    team: reviewers.name,
    member: "bob",
});
