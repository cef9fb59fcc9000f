/**
 * The same services with everything that this project declares for one: its Quay repository, its
 * robot, its version and `latest`.
 */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { QuayRepository } from "../../components/quayRepository.ts";
import { RegistrySecrets } from "../../components/registrySecrets.ts";
import { ServiceImage } from "../../components/serviceImage.ts";
import { deliver } from "./deliver.ts";
import { serviceName } from "../names.ts";

const config = new pulumi.Config();
const namespace = config.require("namespace");

const digests: Record<string, pulumi.Output<string | undefined>> = {};
for (let i = 1; i <= config.requireNumber("services"); i++) {
    const service = serviceName(i);
    const repository = new QuayRepository(service, {
        namespace,
        repository: service,
        robot: service.replace("-", "_"),
    });
    const { image, robotUsername: username, robotToken: password } = repository;
    const context = `${config.require("contexts")}/${service}`;
    const published = new ServiceImage(service, {
        repository: image,
        context,
        publish: { version: readFileSync(`${context}/version`, "utf8"), username, password },
    });
    const secrets = { QUAY_USER: username, QUAY_PWD: password };
    deliver(
        service,
        image,
        new RegistrySecrets(service, {
            repository: service,
            environment: { name: "prod" },
            secrets,
        }),
    );
    digests[service] = published.digest;
}
export { digests };
