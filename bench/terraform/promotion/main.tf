# A promotion without a provider that copies within the registry: pull, tag, push.

terraform {
  required_version = ">= 1.5"
  required_providers {
    docker = { source = "tf.local/kreuzwerker/docker" }
  }
}

variable "services" {
  type = number
}

variable "registry" {
  type = string
}

variable "namespace" {
  type = string
}

variable "registry_password" {
  type      = string
  sensitive = true
}

provider "docker" {
  registry_auth {
    address  = "http://${var.registry}"
    username = "$oauthtoken"
    password = var.registry_password
  }
}

locals {
  services = toset([for i in range(var.services) : format("svc-%03d", i + 1)])
}

resource "docker_image" "source" {
  for_each = local.services
  name     = "${var.registry}/${var.namespace}/${each.key}:1.0.0"
}

resource "docker_tag" "target" {
  for_each     = local.services
  source_image = docker_image.source[each.key].image_id
  target_image = "${var.registry}/${var.namespace}/${each.key}-next:1.0.0"
}

resource "docker_registry_image" "target" {
  for_each      = local.services
  name          = docker_tag.target[each.key].target_image
  keep_remotely = true
}
