/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between enroleed and its child enrolee-exchange: one JSON object, the job, on descriptor 3 (the
 * parent closes its end after writing), and events as JSON lines on descriptor 4. No key byte ever
 * appears in either. On descriptor 6 the child asks for connections to the keystore, which reach the
 * credentials of its job alone (keystore/wire/handover.h); it makes none itself. Exit status: 0 when every step of the job is done, 1 after a "failed" or a
 * "pending" event, 2 when the job could not be read.
 *
 * With "acknowledge" descriptor 4 is a socket: after an event "command" or "publish" the child waits
 * for one line, {"ok":true} or {"ok":false,"message":".."}. So no status goes to the MEF before
 * enroleed has written it down, and none that says OK before the thing holds. It is enroleed that
 * publishes, then.
 *
 * The job. Members marked * are required; times are seconds since the epoch.
 *
 *   {
 *     "version": 1,                              * PV_EXCHANGE_VERSION
 *     "credential": "gw1",                       * the set's configured name
 *     "runtime_dir": "/run/enrolee",               default: compiled in; where provision.sock is
 *     "purpose": "enrol" | "probe" | "decommission"  default enrol; for the others "steps" counts not:
 *                                                  probe: handshake, and a look for the registration;
 *                                                  decommission: the keys of "retire", then the
 *                                                  registration, are de-registered
 *     "steps": ["register", "commands",            default: all of these, in this order
 *               "certificate", "key", "retrieve", "publish", "retire"],
 *     "acknowledge": true,                         enroleed answers; default: it does not
 *     "keystore": 6,                               descriptor of the channel; default: the child connects
 *                                                  by itself, and is not confined (tests)
 *     "trace": 5,                                  descriptor for the exchange in words, secrets masked
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
 *     "authentication": [                      * one or more; the next one when the MEF refuses one, or
 *       {                                          when it is unusable here (event "refused")
 *         "kind": "certificate",               *
 *         "credential": "gw1",                     name in the keystore, for events
 *         "key": "pkcs11:id=%01%02;type=private", * the private key; an OpenSSL provider resolves it
 *         "chain": ["base64", ...],            * DER, leaf first
 *         "anchors": ["base64", ...],              provisioned with it; required when mef.anchors is absent
 *         "renewable": true                        this MEF issued it: EST re-enrolment
 *       },
 *       {
 *         "kind": "ppsk",                      *
 *         "credential": "kpm",
 *         "identity": "gw-0001@mef.example.com", * KpmID, sent as psk_identity
 *         "reference": "pskref1:..."           * 32 characters; the provider resolves it
 *       }
 *     ],
 *     "client": {
 *       "id": "//sp.example.com/gw1",            * absolute AE-ID or CSE-ID, or Node-ID
 *       "kind": "cse" | "ae" | "node",           *
 *       "public_domain_name": "gw1.sp.example.com" * for a CSE: what its certificate carries (A02)
 *     },
 *     "registration": {                            step register
 *       "admin_fqdn": "sp.example.com",          *
 *       "lifetime_s": 31536000, "labels": ["..."],
 *       "id": "...", "expires": 1795000000,        a registration that exists is retrieved first,
 *       "renew_from": 1790000000                   and from that time on its end is put off
 *     },
 *     "certificate": {                             step certificate (also CERT_PROV's key type)
 *       "est_uri": "https://mef.example.com/.well-known/est",  default: the MEF's own
 *       "key_type": "p256" | "p384" | "rsa2048",
 *       "subject_id": "...", "subject_kind": "..." default: the client's
 *       "pending": {"staged": 7, "csr": "base64"}, a request that was answered 202
 *       "staged": true                             one is among those staged: a command brings no other
 *     },
 *     "key": {                                     step key
 *       "suid": 22,                              *
 *       "targets": ["//sp.example.com/in-cse"],
 *       "lifetime_s": 2592000, "labels": ["..."],
 *       "value": "exported" | "generated",         where it comes from; default exported
 *       "current": "REL@fqdn",                     registered already: looked at, and registered anew
 *                                                  only if the MEF has it no more
 *       "update": true                             ...and its targets and labels made those above
 *     },
 *     "retrieve": ["REL@fqdn"],                    step retrieve: keys of others, made for us
 *     "retire": ["REL@fqdn"],                      step retire: keys of ours that are de-registered, when
 *                                                  what was staged is published
 *     "commands": {"last_id": <json>, "last_status": 20},   the last command reported under
 *                                                  registration.id, if any
 *     "staged": [7, 8]                             staged before and to be published with the rest
 *   }
 *
 * Events. Every one has "event" and "time" (seconds since the epoch, fraction).
 *
 *   {"event":"phase","phase":P,"state":"started"|"done"|"failed"|"skipped","ms":N,"clause":C}
 *       P one of handshake, registration, commands, trust-anchors, certificate, key, retrieval,
 *       publication, retirement, decommission, probe
 *   {"event":"authenticated","kind":"certificate"|"ppsk","credential":..}   after the first handshake, and
 *       after one with another credential than before
 *   {"event":"refused","kind":..,"credential":..,"code":..,"message":..}   the next credential is used
 *   {"event":"registered","id":..,"expires":..,"client_id":..,"admin_fqdn":..,"assigned_identity":..}
 *   {"event":"command","id":<json>,"class":1,"status":20,"est_uri":..}   before the status is sent
 *       (R-8.3.9.1-2); est_uri: of a certificate that was provisioned so
 *   {"event":"no-more-commands","retry_s":N}               without retry_s: the MEF has announced none
 *   {"event":"staged","kind":"certificate"|"key"|"retrieved","credential":..,"staged":N,
 *       "not_after":..,"identifier":..,"serial":..,"suid":..,"targets":[..],"source":..}
 *   {"event":"key","identifier":..,"expires":..,"targets":[..]}  the current key, as the MEF has it now
 *   {"event":"key-lost","identifier":..}                    the MEF has it no more; a new one follows
 *   {"event":"not-retrieved","identifier":..,"code":..,"message":..}
 *   {"event":"retired","identifier":..,"result":"removed"|"absent"|"refused","message":..}
 *   {"event":"pending","staged":N,"csr":"base64","retry_after_s":N}
 *   {"event":"publish","staged":[..],"more":bool}           with acknowledge: done when it is answered;
 *                                                          more: it is not the exchange's last step
 *   {"event":"published","staged":[..],"more":bool}         for the trace
 *   {"event":"probe","authenticated_by":"ppsk"|"certificate","identity":..,"tls":"TLSv1.2",
 *       "suite":..,"handshake_ms":N,"answer_ms":N,
 *       "registration":"found"|"none"|"refused"|"unknown","message":..,   (refused: what the MEF said;
 *       "id":..,"expires":..,"admin_fqdn":..,"command":..}                unknown: it lists no children)
 *   {"event":"decommission","what":"key"|"registration","id":..,
 *       "result":"removed"|"absent"|"refused","proven":bool,"message":..,
 *       "left":"what the MEF's answer does not prove"}
 *   {"event":"warning","message":..}
 *   {"event":"failed","phase":P,"code":<pv_error_name>,"message":..,"retry_after_s":N,"permanent":bool}
 *   {"event":"done"}
 */
#pragma once

#define PV_EXCHANGE_VERSION 1
#define PV_EXCHANGE_PROGRAM "enrolee-exchange"
#define PV_EXCHANGE_JOB_FD 3
#define PV_EXCHANGE_EVENT_FD 4
#define PV_EXCHANGE_TRACE_FD 5
#define PV_EXCHANGE_KEYSTORE_FD 6

/* The last line of a trace that is complete ends so. */
#define PV_TRACE_END "end of the trace"

/* Steps of a job */
#define PV_STEP_REGISTER "register"
#define PV_STEP_COMMANDS "commands"
#define PV_STEP_CERTIFICATE "certificate"
#define PV_STEP_KEY "key"
#define PV_STEP_RETRIEVE "retrieve"
#define PV_STEP_PUBLISH "publish"
#define PV_STEP_RETIRE "retire"

/* Purposes of a job */
#define PV_PURPOSE_ENROL "enrol"
#define PV_PURPOSE_PROBE "probe"
#define PV_PURPOSE_DECOMMISSION "decommission"

/* Phases that events name */
#define PV_PHASE_HANDSHAKE "handshake"
#define PV_PHASE_REGISTRATION "registration"
#define PV_PHASE_COMMANDS "commands"
#define PV_PHASE_TRUST_ANCHORS "trust-anchors"
#define PV_PHASE_CERTIFICATE "certificate"
#define PV_PHASE_KEY "key"
#define PV_PHASE_RETRIEVAL "retrieval"
#define PV_PHASE_PUBLICATION "publication"
#define PV_PHASE_RETIREMENT "retirement"
#define PV_PHASE_DECOMMISSION "decommission"
#define PV_PHASE_PROBE "probe"
