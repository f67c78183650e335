/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LINUX_CONST_H
#define LINUX_CONST_H

#define UL(x)   (x##UL)
#define ULL(x)  (x##ULL)
#define _UL(x)  UL(x)
#define _ULL(x) ULL(x)
#define _AC(x, y)  __LINUX_AC(x, y)
#define __LINUX_AC(x, y) (x##y)
#define _AT(type, x) ((type)(x))
#define _BITUL(x)  (UL(1) << (x))
#define _BITULL(x) (ULL(1) << (x))

#endif
