"""What compiled code calls in place of SciPy's special functions: one function for each, of the same name."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from jitad_special.linking import call_1, call_2, call_3, link

link()


def erfcx(x):
    return call_1("erfcx", x)


def erfinv(x):
    return call_1("erfinv", x)


def erfcinv(x):
    return call_1("erfcinv", x)


def loggamma(x):
    return call_1("loggamma", x)


def rgamma(x):
    return call_1("rgamma", x)


def j0(x):
    return call_1("j0", x)


def j1(x):
    return call_1("j1", x)


def y0(x):
    return call_1("y0", x)


def y1(x):
    return call_1("y1", x)


def i0(x):
    return call_1("i0", x)


def i0e(x):
    return call_1("i0e", x)


def i1(x):
    return call_1("i1", x)


def i1e(x):
    return call_1("i1e", x)


def k0(x):
    return call_1("k0", x)


def k0e(x):
    return call_1("k0e", x)


def k1(x):
    return call_1("k1", x)


def k1e(x):
    return call_1("k1e", x)


def log_expit(x):
    return call_1("log_expit", x)


def ndtr(x):
    return call_1("ndtr", x)


def ndtri(x):
    return call_1("ndtri", x)


def log_ndtr(x):
    return call_1("log_ndtr", x)


def dawsn(x):
    return call_1("dawsn", x)


def exp1(x):
    return call_1("exp1", x)


def expi(x):
    return call_1("expi", x)


def spence(x):
    return call_1("spence", x)


def exprel(x):
    return call_1("exprel", x)


def ellipk(x):
    return call_1("ellipk", x)


def ellipe(x):
    return call_1("ellipe", x)


def entr(x):
    return call_1("entr", x)


def beta(a, b):
    return call_2("beta", a, b)


def betaln(a, b):
    return call_2("betaln", a, b)


def poch(z, m):
    return call_2("poch", z, m)


def gammainc(a, x):
    return call_2("gammainc", a, x)


def gammaincc(a, x):
    return call_2("gammaincc", a, x)


def gammaincinv(a, p):
    return call_2("gammaincinv", a, p)


def gammainccinv(a, q):
    return call_2("gammainccinv", a, q)


def jv(v, x):
    return call_2("jv", v, x)


def yv(v, x):
    return call_2("yv", v, x)


def yn(n, x):
    return call_2("yn", n, x)


def iv(v, x):
    return call_2("iv", v, x)


def ive(v, x):
    return call_2("ive", v, x)


def kv(v, x):
    return call_2("kv", v, x)


def kve(v, x):
    return call_2("kve", v, x)


def kn(n, x):
    return call_2("kn", n, x)


def expn(n, x):
    return call_2("expn", n, x)


def xlogy(x, y):
    return call_2("xlogy", x, y)


def xlog1py(x, y):
    return call_2("xlog1py", x, y)


def rel_entr(x, y):
    return call_2("rel_entr", x, y)


def kl_div(x, y):
    return call_2("kl_div", x, y)


def betainc(a, b, x):
    return call_3("betainc", a, b, x)


def betaincc(a, b, x):
    return call_3("betaincc", a, b, x)


def betaincinv(a, b, p):
    return call_3("betaincinv", a, b, p)
