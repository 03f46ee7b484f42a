/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between enroleed and its child enrolee-exchange: one JSON object, the job, on descriptor 3 (the
 * parent closes its end after writing), and events as JSON lines on descriptor 4. No key byte ever
 * appears in either. Exit status: 0 when every step of the job is done, 1 after a "failed" or a
 * "pending" event, 2 when the job could not be read.
 *
 * The job. Members marked * are required; times are seconds since the epoch.
 *
 *   {
 *     "version": 1,                              * PV_EXCHANGE_VERSION
 *     "credential": "gw1",                       * the set's configured name
 *     "runtime_dir": "/run/enrolee",               default: compiled in; where provision.sock is
 *     "steps": ["register", "commands",            default: all of these, in this order
 *               "certificate", "key", "publish"],
 *     "mef": {
 *       "fqdn": "mef.example.com",               * name that SNI, Host and checks use
 *       "uri": "https://mef.example.com:8443",     default: https://<fqdn>; only scheme, host, port
 *       "address": "192.0.2.1",                    connect here instead of asking DNS
 *       "interface": "eth0",                       source interface or address
 *       "proxy": "http://...",                     no proxy unless set
 *       "anchors": "PEM text",                     explicit trust anchors, may be absent with a PSK
 *       "dialect": "/etc/enrolee/x.dialect",       names on the wire of this MEF
 *       "connect_s": 10, "total_s": 60, "stall_s": 20
 *     },
 *     "authentication": {
 *       "kind": "ppsk",                          *
 *       "identity": "gw-0001@mef.example.com",   * KpmID, sent as psk_identity
 *       "reference": "pskref1:..."               * 32 characters; the provider resolves it
 *     },
 *     "client": {
 *       "id": "//sp.example.com/gw1",            * absolute AE-ID or CSE-ID, or Node-ID
 *       "kind": "cse" | "ae" | "node",           *
 *       "public_domain_name": "gw1.sp.example.com" * for a CSE: what its certificate carries (A02)
 *     },
 *     "registration": {                            step register
 *       "admin_fqdn": "sp.example.com",          *
 *       "lifetime_s": 31536000, "labels": ["..."],
 *       "id": "...", "expires": 1795000000         a registration that exists is retrieved first
 *     },
 *     "certificate": {                             step certificate (also CERT_PROV's key type)
 *       "est_uri": "https://mef.example.com/.well-known/est",  default: the MEF's own
 *       "key_type": "p256" | "p384" | "rsa2048",
 *       "subject_id": "...", "subject_kind": "..." default: the client's
 *       "pending": {"staged": 7, "csr": "base64"}  a request that was answered 202
 *     },
 *     "key": {                                     step key
 *       "suid": 22,                              *
 *       "targets": ["//sp.example.com/in-cse"],
 *       "lifetime_s": 2592000, "labels": ["..."]
 *     },
 *     "commands": {"last_id": <json>, "last_status": 20},   the last command reported, if any
 *     "staged": [7, 8]                             staged before and to be published with the rest
 *   }
 *
 * Events. Every one has "event" and "time" (seconds since the epoch, fraction).
 *
 *   {"event":"phase","phase":P,"state":"started"|"done"|"failed"|"skipped","ms":N,"clause":C}
 *       P one of handshake, registration, commands, trust-anchors, certificate, key, publication
 *   {"event":"registered","id":..,"expires":..,"client_id":..,"admin_fqdn":..,"assigned_identity":..}
 *   {"event":"command","id":<json>,"class":1,"status":20}   before the status is sent (R-8.3.9.1-2)
 *   {"event":"no-more-commands","retry_s":N}
 *   {"event":"staged","kind":"certificate"|"key","staged":N,"not_after":..,
 *       "identifier":..,"serial":..,"suid":..,"targets":[..]}
 *   {"event":"pending","staged":N,"csr":"base64","retry_after_s":N}
 *   {"event":"published","credential":..,"staged":[..]}
 *   {"event":"warning","message":..}
 *   {"event":"failed","phase":P,"code":<pv_error_name>,"message":..,"retry_after_s":N,"permanent":bool}
 *   {"event":"done"}
 */
#pragma once

#define PV_EXCHANGE_VERSION 1
#define PV_EXCHANGE_PROGRAM "enrolee-exchange"
#define PV_EXCHANGE_JOB_FD 3
#define PV_EXCHANGE_EVENT_FD 4

/* Steps of a job */
#define PV_STEP_REGISTER "register"
#define PV_STEP_COMMANDS "commands"
#define PV_STEP_CERTIFICATE "certificate"
#define PV_STEP_KEY "key"
#define PV_STEP_PUBLISH "publish"

/* Phases that events name */
#define PV_PHASE_HANDSHAKE "handshake"
#define PV_PHASE_REGISTRATION "registration"
#define PV_PHASE_COMMANDS "commands"
#define PV_PHASE_TRUST_ANCHORS "trust-anchors"
#define PV_PHASE_CERTIFICATE "certificate"
#define PV_PHASE_KEY "key"
#define PV_PHASE_PUBLICATION "publication"
