variable "endpoint" {
  description = "URL of the emulator, for example `http://127.0.0.1:4566`."
  type        = string

  validation {
    condition     = can(regex("^http://(127\\.0\\.0\\.1|localhost):[0-9]+$", var.endpoint))
    error_message = "endpoint must be http on the loopback address: this root never talks to real AWS."
  }
}

variable "region" {
  description = "Region of the emulator."
  type        = string
  default     = "us-east-1"
}
