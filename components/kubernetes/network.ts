/** What may connect to a service's pods, and what they may connect to. */
import { BlockList, isIP } from "node:net";
import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Issuer } from "../docker/serviceContainer.ts";
import { UserError } from "../messages/userError.ts";

type NetworkPolicySpec = types.input.networking.v1.NetworkPolicySpec;

/** Addresses that a service may connect to. */
export interface Egress {
    /** A network in CIDR notation, such as 10.0.0.0/8. */
    readonly cidr: string;
    /** TCP ports. Default: all. */
    readonly ports?: readonly number[] | undefined;
}

/**
 * Returns the networks of the server that has an issuer's keys: its port anywhere, as an address
 * that a name stands for may change.
 */
export function egressTo({ issuer, jwksUri }: Issuer<string>): Egress[] {
    const { port, protocol } = new URL(jwksUri, issuer);
    const ports = [port === "" ? (protocol === "http:" ? 80 : 443) : Number(port)];
    return ["0.0.0.0/0", "::/0"].map((cidr) => ({ cidr, ports }));
}

/**
 * The metadata servers of the clouds, which give the node's credentials to every pod that asks:
 * link-local addresses, one more of AWS (IPv6) and one of Alibaba Cloud.
 */
const metadataServers = [
    "169.254.0.0/16",
    "100.100.100.200/32",
    "fe80::/10",
    "fd00:ec2::254/128",
].flatMap((cidr) => parse(cidr) ?? []);

/** The cluster's DNS: its pods, or the cache that runs on each node (NodeLocal DNSCache). */
const dnsServers = [{ namespaceSelector: {} }, { ipBlock: { cidr: "169.254.20.10/32" } }];

/** The ports of DNS; the second one is that of the pods of OpenShift's DNS. */
const dnsPorts = [53, 5353];

/**
 * Returns the rules of a service's pods: only the service's port accepts connections, from
 * everywhere. They may connect to the cluster's DNS and to the configured networks, except for the
 * metadata servers.
 *
 * @param selector the labels of the pods.
 * @param port what the service listens on. Some network plugins (OVN-Kubernetes) know no names.
 * @throws UserError if a network is not valid, or is part of the metadata servers' networks.
 */
export function networkPolicySpec(
    selector: Readonly<Record<string, string>>,
    port: pulumi.Input<number>,
    egress: readonly Egress[],
): NetworkPolicySpec {
    return {
        podSelector: { matchLabels: selector },
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ ports: [{ port, protocol: "TCP" }] }],
        egress: [
            {
                to: dnsServers,
                ports: dnsPorts.flatMap((port) =>
                    ["UDP", "TCP"].map((protocol) => ({ port, protocol })),
                ),
            },
            ...egress.map(({ cidr, ports }) => ({
                to: [{ ipBlock: blockOf(cidr) }],
                ...(ports !== undefined && {
                    ports: ports.map((port) => ({ port, protocol: "TCP" })),
                }),
            })),
        ],
    };
}

/** Returns why a service may not connect to a network, as the end of a sentence; else undefined. */
export function networkProblem(cidr: string): string | undefined {
    const network = parse(cidr);
    if (network === undefined) return "must be a network in CIDR notation, as in 10.0.0.0/8";
    return metadataServers.some((server) => contains(server, network))
        ? "must not be the network of the cloud's metadata server, which gives away the node's " +
              "credentials"
        : undefined;
}

/** Returns a network without the metadata servers. */
function blockOf(cidr: string): types.input.networking.v1.IPBlock {
    const network = parse(cidr);
    const problem = networkProblem(cidr);
    if (network === undefined || problem !== undefined)
        throw new UserError(`The network ${cidr} of a service's egress ${problem ?? ""}.`);
    const except = metadataServers
        .filter((server) => contains(network, server))
        .map(({ cidr }) => cidr);
    return { cidr, ...(except.length > 0 && { except }) };
}

interface Network {
    readonly cidr: string;
    readonly address: string;
    readonly family: "ipv4" | "ipv6";
    /** The number of bits that all its addresses share. */
    readonly prefix: number;
}

function parse(cidr: string): Network | undefined {
    const [address = "", prefix = "", ...rest] = cidr.split("/");
    const version = isIP(address);
    const isPrefix = /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
    if (version === 0 || !isPrefix || rest.length > 0) return undefined;
    return { cidr, address, family: version === 4 ? "ipv4" : "ipv6", prefix: Number(prefix) };
}

/** Returns whether a network contains all of another one. */
function contains(outer: Network, inner: Network): boolean {
    if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
    const block = new BlockList();
    block.addSubnet(outer.address, outer.prefix, outer.family);
    return block.check(inner.address, inner.family);
}

/** Returns whether a network contains all of another one; false if one of them is not valid. */
export function containsNetwork(outer: string, inner: string): boolean {
    const [one, other] = [parse(outer), parse(inner)];
    return one !== undefined && other !== undefined && contains(one, other);
}
