/** The components, for programs that declare them themselves. */
export * from "./clusterService.ts";
export * from "./deliveredService.ts";
export * from "./deliveryWorkflow.ts";
export * from "./identityProvider.ts";
export * from "./localService.ts";
export * from "./promotedServiceImage.ts";
export * from "./publishedServiceImage.ts";
export * from "./pullRobot.ts";
export * from "./quayRepository.ts";
export * from "./registrySecrets.ts";
export * from "./robotFederation.ts";
export * from "./runningTag.ts";
export * from "./serviceImage.ts";
