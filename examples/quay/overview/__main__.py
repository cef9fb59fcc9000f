import pulumi
import pulumi_quay as quay

app = quay.Repository(
    "hello",
    namespace="acme",
    name="hello",
    visibility="public",
)
robot = quay.Robot("hello-ci", namespace="acme", name="hello_ci")
quay.RepositoryPermission(
    "hello-ci-pushes",
    repository=app.full_name,
    robot=robot.username,
    role="write",
)
pulumi.export("helloUser", robot.username)
pulumi.export("helloPassword", robot.token)  # a secret
