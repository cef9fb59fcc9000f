import * as quay from "pulumi-quay";

const builds = new quay.Repository("builds", { namespace: "acme", name: "builds" });
// Images of pull requests are removed after 30 days.
new quay.AutoPrunePolicy("old-builds", {
    repository: builds.fullName,
    method: "creation_date",
    value: "30d",
    tagPattern: "^pr-",
});
