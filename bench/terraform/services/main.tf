# N services. Each has an image that is built and pushed, a password, a deployment environment with
# two secrets, and a workflow file.

terraform {
  required_version = ">= 1.5"
  required_providers {
    # tf.local is an invented host: the providers are in a folder that bench/setup.sh creates.
    docker = { source = "tf.local/kreuzwerker/docker" }
    github = { source = "tf.local/integrations/github" }
    random = { source = "tf.local/hashicorp/random" }
  }
}

variable "services" {
  type = number
}

variable "contexts" {
  type        = string
  description = "The folder with a build context for each service: svc-001, svc-002, …"
}

variable "registry" {
  type        = string
  description = "HOST:PORT of the registry."
}

variable "namespace" {
  type        = string
  description = "Whose repositories, on the registry and on GitHub."
}

variable "registry_password" {
  type      = string
  sensitive = true
}

variable "write_delay_ms" {
  type        = number
  description = "How long the GitHub provider waits after each write; its own default is 1000."
}

provider "docker" {
  registry_auth {
    address  = "http://${var.registry}"
    username = "$oauthtoken"
    password = var.registry_password
  }
}

provider "github" {
  owner          = var.namespace
  write_delay_ms = var.write_delay_ms
}

locals {
  names    = [for i in range(var.services) : format("svc-%03d", i + 1)]
  services = { for name in local.names : name => "${var.contexts}/${name}" }
  content = {
    for name, context in local.services :
    name => sha256(join("\n", [
      for f in sort(fileset(context, "**")) : "${f} ${filesha256("${context}/${f}")}"
    ]))
  }
}

resource "docker_image" "service" {
  for_each = local.services
  name     = "${var.registry}/${var.namespace}/${each.key}:1.0.0"
  build {
    context = each.value
  }
  triggers = { content = local.content[each.key] }
}

resource "docker_registry_image" "service" {
  for_each      = local.services
  name          = docker_image.service[each.key].name
  keep_remotely = true
  triggers      = { content = local.content[each.key] }
}

resource "random_password" "quay" {
  for_each = local.services
  length   = 32
  special  = false
}

resource "github_repository_environment" "service" {
  for_each    = local.services
  repository  = each.key
  environment = "prod"
}

resource "github_actions_environment_secret" "quay_user" {
  for_each    = local.services
  repository  = each.key
  environment = github_repository_environment.service[each.key].environment
  secret_name = "QUAY_USER"
  value       = "${var.namespace}+${replace(each.key, "-", "_")}"
}

resource "github_actions_environment_secret" "quay_pwd" {
  for_each    = local.services
  repository  = each.key
  environment = github_repository_environment.service[each.key].environment
  secret_name = "QUAY_PWD"
  value       = random_password.quay[each.key].result
}

resource "github_repository_file" "deploy" {
  for_each       = local.services
  repository     = each.key
  branch         = "main"
  file           = ".github/workflows/quay-deploy.yml"
  commit_message = "Deploy ${each.key}"
  content = templatefile("${path.module}/quay-deploy.yml.tftpl", {
    service  = each.key
    image    = docker_image.service[each.key].name
    registry = var.registry
  })
}

output "digests" {
  value = { for name, pushed in docker_registry_image.service : name => pushed.sha256_digest }
}
