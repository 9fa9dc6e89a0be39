// OpenSSL's digests as they are.
#ifndef BALLAST_COPENSSL_H
#define BALLAST_COPENSSL_H
#include <openssl/evp.h>
#endif
