/** The services' images in the repositories of the next environment. */
import * as pulumi from "@pulumi/pulumi";
import { PromotedServiceImage } from "../../components/promotedServiceImage.ts";
import { serviceName } from "../names.ts";

const config = new pulumi.Config();
const registry = config.require("registry");
const namespace = config.require("namespace");

for (let i = 1; i <= config.requireNumber("services"); i++) {
    const service = serviceName(i);
    const repository = `${registry}/${namespace}/${service}`;
    new PromotedServiceImage(service, {
        repository: `${repository}-${config.require("next")}`,
        version: "1.0.0",
        from: { repository },
    });
}
