/* VariantToString, which Wine 8 lacks: `_wmi` asks for it, and Python makes do with a refusal. */
#include <windows.h>
__declspec(dllexport) HRESULT WINAPI VariantToString(void *value, PWSTR text, UINT size)
{
    return E_NOTIMPL;
}
