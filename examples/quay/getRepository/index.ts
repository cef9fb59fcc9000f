import * as quay from "pulumi-quay";

const shop = quay.getRepositoryOutput({ repository: "acme/shop_staging" });
export const shopPage = shop.url;
export const shopVisibility = shop.visibility;
