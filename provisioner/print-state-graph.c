/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the RSPF machine's table as a graph for dot(1). */
#include <config.h>

#include <stdio.h>

#include "provisioner/machine.h"

int
main (void)
{
	gsize n_rows;
	const PvTransition *table = pv_machine_table (&n_rows);

	printf ("digraph rspf {\n\trankdir=LR;\n\tnode [shape=box, style=rounded];\n");
	for (gsize i = 0; i < n_rows; i++) {
		for (guint state = 0; state < PV_N_STATES; state++) {
			PvState next = table[i].next == PV_N_STATES ? state : table[i].next;

			if ((table[i].states & 1u << state) != 0)
				printf ("\t\"%s\" -> \"%s\" [label=\"%s\\n%s\\n%s\"];\n",
					pv_state_name (state),
					pv_state_name (next),
					pv_event_word (table[i].event),
					pv_action_name (table[i].action),
					table[i].clause);
		}
	}
	printf ("}\n");
	return 0;
}
