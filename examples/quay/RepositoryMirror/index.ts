import * as quay from "pulumi-quay";

const python = new quay.Repository("python", {
    namespace: "acme",
    name: "python",
    state: "MIRROR",
});
const copier = new quay.Robot("copier", { namespace: "acme", name: "copier" });
new quay.RepositoryMirror("python", {
    repository: python.fullName,
    externalReference: "docker.io/library/python",
    tags: ["3.13-slim", "3.14-*"],
    robot: copier.username,
    syncIntervalSeconds: 43200, // twice a day
});
