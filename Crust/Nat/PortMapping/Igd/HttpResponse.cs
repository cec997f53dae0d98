namespace Crust.Nat.PortMapping.Igd;

/// <summary>A response, whole.</summary>
/// <param name="Status">Three digits. A redirect is not followed: it is just not 200.</param>
/// <param name="Body">At most <see cref="HttpResponseReader.MaxBodyLength"/> bytes.</param>
internal sealed record HttpResponse(int Status, byte[] Body);
