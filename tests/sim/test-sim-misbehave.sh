# SPDX-License-Identifier: LGPL-2.1-or-later
# The misbehaviour of the simulated MEF, part of test-sim-mef.sh: that each kind is as bad as it says.
