import * as quay from "pulumi-quay";

const api = new quay.Repository("api", { namespace: "acme", name: "api" });
const deployer = new quay.Robot("deployer", { namespace: "acme", name: "deployer" });
new quay.RepositoryPermission("deployer-pulls", {
    repository: api.fullName,
    robot: deployer.username,
    role: "read",
});
