import pulumi
import pulumi_quay as quay

puller = quay.get_robot_output(username="acme+puller")
pulumi.export("pullerUsername", puller.username)
pulumi.export("pullerToken", puller.token)  # a secret
