/** The services of the owner that the stack is named after: Pulumi.alpha.yaml. */
import { getStack } from "@pulumi/pulumi";
import { DeliveredService, readServices } from "mlops";

const services = readServices("services.csv").filter(({ owner }) => owner === getStack());
export const images = Object.fromEntries(
    services.map(({ name, ...service }) => [name, new DeliveredService(name, service).image]),
);
