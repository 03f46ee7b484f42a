/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Preloaded by the tests of a build with sanitizers: pkcs11-provider opens its module with RTLD_DEEPBIND, which the
 * sanitizers' runtime ends a program for. Our modules resolve nothing that the flag would protect them from.
 */
#include <dlfcn.h>
#include <stddef.h>

__attribute__ ((visibility ("default"))) void *
dlopen (const char *file, int flags)
{
	void *(*next) (const char *, int);

	*(void **) &next = dlsym (RTLD_NEXT, "dlopen");
	return next != NULL ? next (file, flags & ~RTLD_DEEPBIND) : NULL;
}
