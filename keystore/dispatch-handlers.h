/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handlers behind dispatch.c's table: what all peers may ask (dispatch-use.c, dispatch-psk.c),
 * what the provisioner may ask to read (dispatch-report.c) and to change (dispatch-provision.c). Each
 * answers by ks_request_reply() or ks_request_fail(), exactly once.
 */
#pragma once

#include "keystore/dispatch.h"
#include "keystore/usage.h"

/**
 * ks_request_reply:
 * @message: (nullable): the reply's struct; copied into the frame at once
 */
void ks_request_reply (KsRequest *request, gconstpointer message);

/**
 * ks_request_fail:
 * @rv: not CKR_OK
 * @reason: (nullable): for the operator; cut at %WIRE_TEXT_MAX bytes
 */
void ks_request_fail (KsRequest *request, CK_RV rv, const char *reason);

/**
 * ks_request_fail_error:
 *
 * Fails with ks_error_to_rv() of @error and its text.
 */
void ks_request_fail_error (KsRequest *request, const GError *error);

/**
 * ks_request_reply_output:
 * @output: (nullable): a WireResult's, for CKR_OK
 */
void ks_request_reply_output (KsRequest *request, CK_RV rv, const guint8 *output, gsize len);

/**
 * ks_dispatch_tell_use:
 *
 * Tells the journal that a key was used; sampled.
 */
void ks_dispatch_tell_use (KsDispatch *dispatch,
			   const KsRequest *request,
			   const char *credential,
			   guint32 object);
void ks_dispatch_tell_denial (KsDispatch *dispatch, const KsRequest *request, guint32 object);

/**
 * ks_dispatch_check_usage:
 *
 * Returns: whether the key's lifetime and usage constraint allow it; %FALSE: the request was
 *     answered
 */
gboolean ks_dispatch_check_usage (KsRequest *request,
				  const KsPlace *place,
				  KsUse use,
				  CK_MECHANISM_TYPE mechanism);

/**
 * ks_dispatch_take_key:
 * @object: number of a private or secret key
 * @psk: (out) (nullable): what TLS may do with it
 *
 * Policy and usage, then the working copy.
 *
 * Returns: (transfer full) (nullable): %NULL: the request was answered
 */
KsKey *ks_dispatch_take_key (KsDispatch *dispatch,
			     KsRequest *request,
			     guint32 object,
			     KsUse use,
			     CK_MECHANISM_TYPE mechanism,
			     KsPskPolicy *psk);

/**
 * ks_request_fail_excess:
 *
 * Fails what a narrowed connection is not for, with CKR_ACTION_PROHIBITED; the journal is told.
 */
void ks_request_fail_excess (KsRequest *request);

/* Texts and bytes of messages. */
WireBytes ks_wire_text (const char *text);
WireBytes ks_wire_gbytes (GBytes *bytes);

void ks_handle_hello (KsDispatch *dispatch, KsRequest *request);
void ks_handle_narrow (KsDispatch *dispatch, KsRequest *request);
void ks_handle_view (KsDispatch *dispatch, KsRequest *request);
void ks_handle_sign (KsDispatch *dispatch, KsRequest *request);
void ks_handle_verify (KsDispatch *dispatch, KsRequest *request);
void ks_handle_encrypt (KsDispatch *dispatch, KsRequest *request);
void ks_handle_decrypt (KsDispatch *dispatch, KsRequest *request);
void ks_handle_derive (KsDispatch *dispatch, KsRequest *request);
void ks_handle_psk_master_secret (KsDispatch *dispatch, KsRequest *request);
void ks_handle_psk_binder_key (KsDispatch *dispatch, KsRequest *request);
void ks_handle_psk_handshake_secret (KsDispatch *dispatch, KsRequest *request);
void ks_handle_secret_use (KsDispatch *dispatch, KsRequest *request);

void ks_handle_status (KsDispatch *dispatch, KsRequest *request);
void ks_handle_list (KsDispatch *dispatch, KsRequest *request);
void ks_handle_show (KsDispatch *dispatch, KsRequest *request);

void ks_handle_stage_key_pair (KsDispatch *dispatch, KsRequest *request);
void ks_handle_stage_private_key (KsDispatch *dispatch, KsRequest *request);
void ks_handle_stage_secret (KsDispatch *dispatch, KsRequest *request);
void ks_handle_stage_anchors (KsDispatch *dispatch, KsRequest *request);
void ks_handle_attach_certificates (KsDispatch *dispatch, KsRequest *request);
void ks_handle_publish (KsDispatch *dispatch, KsRequest *request);
void ks_handle_discard (KsDispatch *dispatch, KsRequest *request);

void ks_handle_remove (KsDispatch *dispatch, KsRequest *request);
void ks_handle_grant (KsDispatch *dispatch, KsRequest *request);
void ks_handle_revoke (KsDispatch *dispatch, KsRequest *request);
void ks_handle_reference (KsDispatch *dispatch, KsRequest *request);
