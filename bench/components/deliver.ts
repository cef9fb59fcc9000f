import type * as pulumi from "@pulumi/pulumi";
import { DeliveryWorkflow } from "../../components/deliveryWorkflow.ts";
import type { RegistrySecrets } from "../../components/registrySecrets.ts";

/** The workflow that builds a service's image and pushes it with the secrets. */
export function deliver(
    service: string,
    image: pulumi.Input<string>,
    secrets: RegistrySecrets,
): void {
    new DeliveryWorkflow(
        service,
        {
            repository: service,
            branch: "main",
            path: ".github/workflows/quay-deploy.yml",
            name: "quay-deploy",
            job: "deploy",
            image,
            environment: { name: "prod" },
            login: { usernameSecret: "QUAY_USER", passwordSecret: "QUAY_PWD" },
            health: { port: 8080 },
            build: {},
        },
        { dependsOn: secrets },
    );
}
