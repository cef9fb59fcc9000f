/** The services of the owner that the stack is named after: Pulumi.alpha.yaml. */
import { getStack } from "@pulumi/pulumi";
import { DeliveredService, readServices } from "mlops";

export const images = Object.fromEntries(
    readServices("services.csv", getStack()).map(({ name, ...service }) => [
        name,
        new DeliveredService(name, { ...service, protect: true }).image,
    ]),
);
