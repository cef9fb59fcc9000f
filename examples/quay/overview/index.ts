import * as quay from "pulumi-quay";

const app = new quay.Repository("hello", {
    namespace: "acme",
    name: "hello",
    visibility: "public",
});
const robot = new quay.Robot("hello-ci", { namespace: "acme", name: "hello_ci" });
new quay.RepositoryPermission("hello-ci-pushes", {
    repository: app.fullName,
    robot: robot.username,
    role: "write",
});
export const helloUser = robot.username;
export const helloPassword = robot.token; // a secret
